using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Output;

/// <summary>Names with values below each other on standard output, safe for a terminal.</summary>
internal static class DetailsOutput
{
    public static void Write(IReadOnlyCollection<(string Name, string? Value)> details)
    {
        int width = details.Max(detail => detail.Name.Length);
        foreach (var (name, value) in details)
            Console.WriteLine($"{name.PadRight(width)}  {TerminalText.Escape(value ?? Show.Nothing)}".TrimEnd());
    }
}
