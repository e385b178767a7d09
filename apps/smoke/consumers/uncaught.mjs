// Leaves an error of the API uncaught. Node must print few lines, with the error's name, its message and the call.
import { Aelyst } from "@aelyst/node"

const submit = async () => {
  const aelyst = new Aelyst()
  await aelyst.contacts.create("id:uncaught-import", { firstName: "Uncaught" })
  await aelyst.contacts.create("id:uncaught-import", { firstName: "Uncaught" })
}
await submit()
