/** Express 4, typed as Express 5: the parts that the tests use are the same in both. */
declare module "express4" {
  import express from "express"
  // as the real module has it
  // oxlint-disable-next-line import/no-default-export
  export default express
}
