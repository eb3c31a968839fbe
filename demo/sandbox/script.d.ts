/** A file and all that it imports, bundled as the text of one classic script. */
declare module '*?script' {
  const text: string;
  export default text;
}
