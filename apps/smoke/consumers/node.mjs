import { Aelyst } from "@aelyst/node"

const aelyst = new Aelyst()
await aelyst.contacts.create("id:node-import", { firstName: "Node" })
await aelyst.close()
