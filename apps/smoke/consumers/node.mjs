import { Aelyst } from "@aelyst/node"

const aelyst = new Aelyst({ defaultCountry: "MY" })
await aelyst.contacts.create("id:node-import", { firstName: "Node", phone: "012-345 6789" })
await aelyst.close()
