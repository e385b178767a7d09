import { folderOf, isReadme, testBlocks } from "./readmes.ts"

testBlocks(folderOf("guides"), { documents: (document) => !isReadme(document), system: false })
