import { parsePhoneNumberFromString } from "libphonenumber-js/max"
import { phoneOf } from "./check-rows.ts"
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 }
for (let r = 0; r < 3; r++) { let t = cpu(); for (let i = 0; i < 100000; i++) parsePhoneNumberFromString(phoneOf(i), "MY"); console.log("parse", cpu() - t)
 t = cpu(); for (let i = 0; i < 100000; i++) parsePhoneNumberFromString(phoneOf(i), "MY")?.isValid(); console.log("parse+valid", cpu() - t) }
