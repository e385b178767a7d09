/** The contact that every client of the benchmark sends: the documented example. */
export const contact = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

export const token = "benchmark-token"

/** The headers that a hand-written client sends. */
export const headers = {
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
  accept: "application/json",
}
