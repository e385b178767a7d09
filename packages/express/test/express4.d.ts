/** What the tests use of Express is the same in both versions. */
declare module "express4" {
  import express from "express"
  // as the real module has it
  // oxlint-disable-next-line import/no-default-export
  export default express
}
