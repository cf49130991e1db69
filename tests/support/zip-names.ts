/** Names in a zip's directory, in its order. Small archives without a comment. */
export function zipNames(archive: Buffer): string[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const count = archive.readUInt16LE(end + 10);
  let position = archive.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    const lengths = [28, 30, 32].map((offset) => archive.readUInt16LE(position + offset));
    const [nameLength = 0] = lengths;
    const name = archive.toString("utf8", position + 46, position + 46 + nameLength);
    position += 46 + lengths.reduce((sum, length) => sum + length, 0);
    return name;
  });
}
