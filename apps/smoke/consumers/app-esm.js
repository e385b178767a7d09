import { Aelyst, contactId } from "@aelyst/node"

const aelyst = new Aelyst()
const identifier = contactId(`app-${process.argv.at(-1)}`)
const { attempts } = await aelyst.contacts.create(identifier, { firstName: "ESM" })
if (attempts.length !== 1) throw new Error(`${attempts.length} attempts`)
await aelyst.close()
