namespace Rabbit.Tests.Support;

/// <summary>Signals by their Linux numbers (signal(7)).</summary>
internal enum Signal
{
    HangUp = 1,
    Interrupt = 2,
    Kill = 9,
    Term = 15,
    Continue = 18,
    Stop = 19,
}
