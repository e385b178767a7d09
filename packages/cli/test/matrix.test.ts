import { matrix } from "./matrix.ts"

matrix(["pipe", "CI", "process"])
