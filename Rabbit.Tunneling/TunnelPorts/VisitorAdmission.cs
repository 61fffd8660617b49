using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Lets visitors in, or turns them away: the networks and limits of the server and of the token.</summary>
internal sealed class VisitorAdmission(ServerNetworks networks, DescriptorBudget descriptors, VisitorAnswers answers, WaitingVisitors waiting)
{
    /// <summary>Turns a visitor away whom the rules do not let in; false when they do, and then again at once.</summary>
    public async ValueTask<bool> RefuseUnlessAdmittedAsync(Visitor visitor)
    {
        Admission admission = networks.AllowVisitor(visitor.Incoming.Remote.Address)
            ? visitor.Tunnel.Port.Visitors.Enter(visitor, visitor.Tunnel.Token.Rules) : Admission.NotAllowed;
        bool isShort = admission == Admission.Admitted && descriptors.RefusesVisitor(visitor.Incoming);
        if (admission == Admission.Admitted && !isShort)
            return false;
        waiting.Leave(visitor, WaitOutcome.Refused); // Who waits behind it need not wait for what it is told.
        switch (admission)
        {
            case Admission.NotAllowed:
                // Without a word: who may not even come is told nothing about what is here.
                visitor.Record(ConnectionStatus.Refused, "network not allowed");
                return true;
            case Admission.TooMany:
                await answers.AnswerAsync(visitor, OfflineReason.TooManyVisitors, ConnectionStatus.Refused, "too many visitors");
                return true;
            default:
                await answers.AnswerAsync(visitor, OfflineReason.TooManyVisitors, ConnectionStatus.Refused, "too few descriptors left");
                return true;
        }
    }
}
