const { Aelyst } = require("@aelyst/node")

const main = async () => {
  const aelyst = new Aelyst()
  await aelyst.contacts.create("id:node-require", { firstName: "Node" })
  await aelyst.close()
}
void main()
