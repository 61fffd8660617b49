namespace Rabbit.Client;

/// <summary>Numbers of the client's log events, 8000-8999. A number is never used again for another event.</summary>
internal static class EventIds
{
    public const int TunnelUp = 8000;
    public const int TunnelBack = 8001;
    public const int ServerLost = 8002;
    public const int LocalServiceFailed = 8004;
    public const int TokenOnCommandLine = 8005;
    public const int ServerRemembered = 8006;
    public const int LocalServiceNotReady = 8007;
    public const int ChannelsFailed = 8008;
    public const int ChannelFailed = 8009;
    public const int VisitorCame = 8011;
    public const int VisitorLeft = 8012;
    public const int TokenFileOpen = 8013;
    public const int LocalServiceDown = 8014;
    public const int LocalServiceUp = 8015;
    public const int TunnelBroke = 8016;
    public const int TunnelFailed = 8017;
    public const int StatusUnavailable = 8018;
    public const int ConfigurationTaken = 8019;
    public const int ConfigurationRefused = 8020;
    public const int ServiceManagerUnheard = 8021;
    public const int ProgramFailed = 8022;
    public const int TunnelMoves = 8023;
    public const int StandbyReady = 8024;
    public const int StandbyLost = 8025;
    public const int PlaceUnavailable = 8026;
}
