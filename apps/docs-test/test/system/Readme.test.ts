import { folderOf, testBlocks } from "../readmes.ts"

testBlocks(folderOf("system"), true)
