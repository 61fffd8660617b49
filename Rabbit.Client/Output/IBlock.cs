namespace Rabbit.Client.Output;

/// <summary>What is redrawn in place under the lines of a terminal.</summary>
internal interface IBlock
{
    /// <summary>What to send to the terminal so that the lines stand above the block as it is now; nothing where nothing has changed.</summary>
    string Draw(IReadOnlyList<string> linesAbove);

    /// <summary>Something else has been written meanwhile, as after the program was suspended; called from any thread.</summary>
    void Forget();
}
