namespace Rabbit.Fuzz;

/// <summary>Something that must hold for every input did not.</summary>
internal sealed class BrokenException(string what) : Exception(what)
{
    /// <summary>Throws unless it holds.</summary>
    public static void Unless(bool holds, string what)
    {
        if (!holds)
            throw new BrokenException(what);
    }
}
