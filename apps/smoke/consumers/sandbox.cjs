const { Sandbox } = require("@aelyst/sandbox")
const { play, variants } = require("@aelyst/sandbox/scenarios")

const main = async () => {
  const sandbox = await Sandbox.start()
  const response = await fetch(`${sandbox.baseUrl}/contact/id:sandbox-require`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.tokens.ok}`, "content-type": "application/json" },
    body: JSON.stringify({ firstName: "Sandbox" }),
  })
  if (response.status !== 200 || sandbox.contacts().length !== 1) throw new Error("not created")
  const variant = variants.find(({ name }) => name === "a successful create")
  const create = async (identifier, contact) => {
    const { ok } = await fetch(`${sandbox.baseUrl}/contact/${encodeURIComponent(identifier)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${variant.token}`, "content-type": "application/json" },
      body: JSON.stringify(contact),
    })
    return { result: ok ? "created" : "not created" }
  }
  const { ledger } = await play(variant, sandbox, { create })
  if (ledger.created !== 1) throw new Error("the scenario created nothing")
  await sandbox.close()
}
void main()
