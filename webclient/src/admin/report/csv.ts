export interface CsvColumn<T> {
  title: string;
  value: (row: T) => string | number;
}

/** RFC 4180; what a spreadsheet would take for a formula is text. */
export function csv<T>(columns: readonly CsvColumn<T>[], rows: readonly T[]): string {
  const field = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (values: readonly (string | number)[]): string => `${values.map(field).join(',')}\r\n`;
  return line(columns.map(({ title }) => title)) + rows.map((row) => line(columns.map(({ value }) => value(row)))).join('');
}
