const { Sandbox } = require("@aelyst/sandbox")

const main = async () => {
  const sandbox = await Sandbox.start()
  const response = await fetch(`${sandbox.baseUrl}/contact/id:sandbox-require`, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.tokens.ok}`, "content-type": "application/json" },
    body: JSON.stringify({ firstName: "Sandbox" }),
  })
  if (response.status !== 200 || sandbox.contacts().length !== 1) throw new Error("not created")
  await sandbox.close()
}
void main()
