import { matrix } from "../matrix.ts"

matrix(["terminal"])
