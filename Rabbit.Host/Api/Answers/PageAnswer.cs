using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Answers;

/// <summary>A part of a list.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Message">How many there are in this part, for people.</param>
/// <param name="Data">In the order of the list.</param>
/// <param name="Next">Send it as cursor to get the next part; null when this is the last.</param>
internal sealed record PageAnswer<T>(bool Success, string Message, IReadOnlyList<T> Data, string? Next);

/// <summary>Makes them.</summary>
internal static class PageAnswer
{
    /// <summary>A page of what the store keeps, as the API shows it.</summary>
    public static PageAnswer<T> Of<TStored, T>(Page<TStored> page, Func<TStored, T> show, string what) =>
        new(true, $"{page.Items.Count} {what}", [.. page.Items.Select(show)], page.Next);
}
