/** The caller used it wrongly, or the file is nothing that can be imported: exit code 2. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}
