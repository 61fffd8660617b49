using Microsoft.JSInterop;

namespace Rabbit.Host.Dashboard.Layout;

/// <summary>Whether the colours are dark: as somebody has chosen in this browser, or as its system has them.</summary>
internal sealed class ThemeChoice(IJSRuntime browser)
{
    /// <summary>Asks the browser.</summary>
    public ValueTask<bool> IsDarkAsync() => browser.InvokeAsync<bool>("rabbit.isDark");

    /// <summary>Tells the browser what was chosen.</summary>
    public ValueTask WriteAsync(bool isDark) => browser.InvokeVoidAsync("rabbit.writeTheme", isDark ? "dark" : "light");
}
