/** C is imported as text (`with { type: "text" }`): it is compiled when it is first needed. */
declare module "*.c" {
  const text: string;
  export default text;
}
