const { Aelyst } = require("@aelyst/node")

const main = async () => {
  const aelyst = new Aelyst({ defaultCountry: "MY" })
  await aelyst.contacts.create("id:node-require", { firstName: "Node", phone: "012-345 6789" })
  await aelyst.close()
}
void main()
