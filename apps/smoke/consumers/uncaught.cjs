// Leaves an error of the API uncaught. Node must print few lines, with the error's name, its message and the call.
const { Aelyst } = require("@aelyst/node")

const submit = async () => {
  const aelyst = new Aelyst()
  await aelyst.contacts.create("id:uncaught-require", { firstName: "Uncaught" })
  await aelyst.contacts.create("id:uncaught-require", { firstName: "Uncaught" })
}
void submit()
