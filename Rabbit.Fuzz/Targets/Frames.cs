using System.Buffers;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Fuzz.Targets;

/// <summary>Native frames one after the other, and every message: what server and client read from each other.</summary>
internal static class Frames
{
    public static void Run(byte[] input)
    {
        string? whole = null;
        foreach (ReadOnlySequence<byte> cut in Cuts.Of(input))
        {
            string read = ReadAll(cut);
            whole ??= read;
            BrokenException.Unless(read == whole, "The segmentation changes what is read.");
        }
        if (input.Length > 0)
            ReadMessage(new Frame((FrameType)input[0], input.AsMemory(1)));
    }

    private static string ReadAll(ReadOnlySequence<byte> buffer)
    {
        var read = new System.Text.StringBuilder();
        try
        {
            long before = buffer.Length;
            while (FrameReader.TryRead(ref buffer, ProtocolLimits.UnauthenticatedPayload, out Frame frame))
            {
                BrokenException.Unless(frame.Payload.Length <= ProtocolLimits.UnauthenticatedPayload, "A frame is longer than allowed.");
                BrokenException.Unless(before - buffer.Length == Frame.HeaderLength + frame.Payload.Length, "More or less was taken than the frame has.");
                before = buffer.Length;
                read.Append(frame.Type).Append(Convert.ToHexString(frame.Payload.Span)).Append(' ');
                ReadMessage(frame);
            }
            return read.Append(buffer.Length).ToString();
        }
        catch (ProtocolException e)
        {
            return read.Append(e.Message).ToString();
        }
    }

    private static void ReadMessage(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.ClientHello: ReadBack<ClientHello>(frame); break;
            case FrameType.ServerHello: ReadBack<ServerHello>(frame); break;
            case FrameType.Reject: ReadBack<Reject>(frame); break;
            case FrameType.Ping: ReadBack<Ping>(frame); break;
            case FrameType.Pong: ReadBack<Pong>(frame); break;
            case FrameType.NeedChannels: ReadBack<NeedChannels>(frame); break;
            case FrameType.OpenFailed: ReadBack<OpenFailed>(frame); break;
            case FrameType.GoAway: ReadBack<GoAway>(frame); break;
            case FrameType.Disconnect: ReadBack<Disconnect>(frame); break;
            case FrameType.ServiceHealth: ReadBack<ServiceHealth>(frame); break;
            case FrameType.Nodes: ReadBack<Nodes>(frame); break;
            case FrameType.Standby: ReadBack<Standby>(frame); break;
            case FrameType.StandbyAccepted: ReadBack<StandbyAccepted>(frame); break;
            case FrameType.DataHello: ReadBack<DataHello>(frame); break;
            case FrameType.Start: ReadBack<Start>(frame); break;
            case FrameType.Accepted: ReadBack<Accepted>(frame); break;
            case FrameType.Refused: ReadBack<Refused>(frame); break;
            case FrameType.OpenChannelsAt: ReadBack<OpenChannelsAt>(frame); break;
            case FrameType.ForwardHello: ReadBack<ForwardHello>(frame); break;
            case FrameType.NodeHello: ReadBack<NodeHello>(frame); break;
            case FrameType.AskGrant: ReadBack<AskGrant>(frame); break;
            case FrameType.Grant: ReadBack<Grant>(frame); break;
            case FrameType.OpenChannels: ReadBack<OpenChannels>(frame); break;
            case FrameType.ChannelsRefused: ReadBack<ChannelsRefused>(frame); break;
            case FrameType.SessionOver: ReadBack<SessionOver>(frame); break;
            default: break; // Skipped by every peer.
        }
    }

    // What was understood means the same when it is written and read again.
    private static void ReadBack<T>(Frame frame)
        where T : struct, IMessage<T>
    {
        T message;
        try
        {
            message = frame.Read<T>();
        }
        catch (ProtocolException)
        {
            return;
        }
        byte[] encoded = Frame.Encode(message);
        var buffer = new ReadOnlySequence<byte>(encoded);
        BrokenException.Unless(FrameReader.TryRead(ref buffer, int.MaxValue, out Frame again) && buffer.IsEmpty, "A message does not make one frame.");
        BrokenException.Unless(again.Read<T>().Equals(message), $"{message} reads back as {again.Read<T>()}.");
    }
}
