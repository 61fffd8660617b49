using Microsoft.JSInterop;

namespace Rabbit.Host.Dashboard.Layout;

/// <summary>Whether somebody wants the dark colours; the browser remembers it, and follows its system until somebody chooses.</summary>
internal sealed class ThemeChoice(IJSRuntime browser)
{
    /// <summary>What was chosen, or null.</summary>
    public bool? IsDark { get; private set; }

    /// <summary>Asks the browser.</summary>
    public async Task<bool?> ReadAsync() =>
        IsDark = await browser.InvokeAsync<string?>("rabbit.readTheme") is { } chosen ? chosen == "dark" : null;

    /// <summary>Tells the browser.</summary>
    public async Task WriteAsync(bool isDark)
    {
        IsDark = isDark;
        await browser.InvokeVoidAsync("rabbit.writeTheme", isDark ? "dark" : "light");
    }
}
