namespace Rabbit.Host;

/// <summary>Numbers of this project's log events (7000-7999); see the list of ranges in Rabbit.Tunneling.</summary>
internal static class EventIds
{
    public const int ControlPortListening = 7000;
    public const int ApiListening = 7001;
    public const int RequestFailed = 7002;
    public const int CertificateMade = 7003;
    public const int StartedDegraded = 7004;
    public const int StillDegraded = 7005;
    public const int StateCompleted = 7006;
    public const int FirstTokenFailed = 7007;
    public const int CertificateReloaded = 7008;
    public const int CertificateKept = 7009;
    public const int CertificateExpires = 7010;
    public const int NodeCertificateReloaded = 7011;
    public const int NodeCertificateKept = 7012;
    public const int NodeCertificateExpires = 7013;
    public const int AlertMade = 7040;
    public const int AlertsFull = 7041;
    public const int AlertNotDelivered = 7042;
    public const int AlertGivenUp = 7043;
    public const int AlertPostFailed = 7044;
    public const int AlertWatchFailed = 7045;
    public const int Stopping = 7050;
    public const int TakenOver = 7051;
    public const int TakeoverIncomplete = 7052;
    public const int TakeoverAsked = 7053;
    public const int HandedOver = 7054;
    public const int TakeoverFailed = 7055;
    public const int TakeoverBroken = 7056;
    public const int TakeoverGivenUp = 7057;
    public const int TakeoverByStranger = 7058;
    public const int TakeoverImpossible = 7059;
    public const int ServiceManagerUnheard = 7060;
}
