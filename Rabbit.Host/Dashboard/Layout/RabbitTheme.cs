using MudBlazor;

namespace Rabbit.Host.Dashboard.Layout;

/// <summary>Colours and letters. Every pair of text and ground has a contrast of 4.5 at least (WCAG 2.2, 1.4.3).</summary>
internal static class RabbitTheme
{
    private static readonly string[] Letters = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif"];

    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#1f5fbf",
            Secondary = "#8a3ffc",
            Success = "#1a6b34",
            Warning = "#8a5000",
            Error = "#b3261e",
            Info = "#0b5c8a",
            Background = "#f6f7f9",
            Surface = "#ffffff",
            AppbarBackground = "#1b2433",
            AppbarText = "#ffffff",
            DrawerBackground = "#ffffff",
            DrawerText = "#2b3442",
            DrawerIcon = "#4a5566",
            TextPrimary = "#1b2433",
            TextSecondary = "#4a5566",
            TextDisabled = "#5f6b7a",
            ActionDefault = "#4a5566",
            LinesDefault = "#d9dee5",
            TableLines = "#d9dee5",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#8ab4ff",
            Secondary = "#c9a7ff",
            Success = "#7fd69a",
            Warning = "#ffc46b",
            Error = "#ff9d94",
            Info = "#7cc7f2",
            PrimaryContrastText = "#10151d",
            SuccessContrastText = "#10151d",
            WarningContrastText = "#10151d",
            ErrorContrastText = "#10151d",
            InfoContrastText = "#10151d",
            Background = "#10151d",
            Surface = "#1a212c",
            AppbarBackground = "#0b0f15",
            AppbarText = "#eef2f7",
            DrawerBackground = "#151b25",
            DrawerText = "#d7dee8",
            DrawerIcon = "#aab5c4",
            TextPrimary = "#eef2f7",
            TextSecondary = "#b4bfcd",
            TextDisabled = "#8f9bab",
            ActionDefault = "#b4bfcd",
            LinesDefault = "#323c4b",
            TableLines = "#323c4b",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Letters, FontSize = "0.9rem" },
            H1 = new H1Typography { FontFamily = Letters, FontSize = "1.6rem", FontWeight = "600", LineHeight = "1.3" },
            H2 = new H2Typography { FontFamily = Letters, FontSize = "1.15rem", FontWeight = "600", LineHeight = "1.3" },
            Button = new ButtonTypography { FontFamily = Letters, TextTransform = "none", FontWeight = "600" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px", DrawerWidthLeft = "210px" },
    };
}
