/** Placeholder so that the template packages; the room that owns this function replaces it. */
export const handler = async (): Promise<never> => {
  throw new Error("not implemented");
};
