namespace Rabbit.Host.Handover;

/// <summary>A message between two servers, as JSON; fields that a version does not know are skipped.</summary>
/// <param name="Step">What it says.</param>
/// <param name="Names">Of the descriptors that come with it, in their order.</param>
/// <param name="Sentence">For people, or empty.</param>
internal sealed record HandoverMessage(HandoverStep Step, IReadOnlyList<string>? Names = null, string Sentence = "")
{
    /// <summary>The name of the data directory's lock.</summary>
    public const string Lock = "lock";
}
