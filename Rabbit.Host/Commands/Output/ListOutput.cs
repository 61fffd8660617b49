namespace Rabbit.Host.Commands.Output;

/// <summary>A list on standard output, written part by part: as a table or as one JSON array.</summary>
internal sealed class ListOutput<T>(bool json, IReadOnlyList<(string Name, Func<T, string?> Value)> columns)
{
    private readonly TextTable _table = new([.. columns.Select(column => column.Name)]);
    private bool _begun;

    public void Write(IReadOnlyList<T> rows)
    {
        if (rows.Count == 0)
            return;
        if (json)
        {
            foreach (T row in rows)
            {
                Console.Write((_begun ? ",\n  " : "[\n  ") + JsonOutput.Text(row).Replace("\n", "\n  ", StringComparison.Ordinal));
                _begun = true;
            }
        }
        else
        {
            _table.Write(rows.Select(row => columns.Select(column => column.Value(row))));
            _begun = true;
        }
    }

    /// <param name="none">A sentence for people when there was nothing.</param>
    public void Complete(string none)
    {
        if (json)
            Console.WriteLine(_begun ? "\n]" : "[]");
        else if (!_begun)
            Console.Error.WriteLine(none);
    }
}
