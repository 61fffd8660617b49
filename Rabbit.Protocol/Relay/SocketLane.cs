using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Rabbit.Protocol.Relay.Kernel;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// A lane between two bare sockets on Linux. It waits, holding nothing, until the source is readable, and then moves all
/// that is there in one go without waiting: a short message by one receive and one send, more than that inside the kernel
/// by splice(2). Only while the target takes no more does it hold bytes, in a pipe or in a buffer of 16 KiB.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SocketLane(RelayEnd source, RelayEnd target, LaneCounter counter, RelayOpening? opening) : RelayLane
{
    /// <summary>Splicing costs two calls and a pipe: up to here a copy is cheaper.</summary>
    private const int ShortLength = 16 * 1024;

    /// <summary>What is copied at once while there is no pipe to be had.</summary>
    private const int LongLength = 64 * 1024;

    private RelayOpening? _opening = opening;
    private bool _sourceFlows;
    private KernelPipe? _pipe;
    private byte[]? _blocked;
    private int _blockedLength;

    private enum Step
    {
        /// <summary>There may be more at the source.</summary>
        More,

        /// <summary>The source has no more for now.</summary>
        SourceDrained,

        /// <summary>The target takes no more for now; bytes for it are held.</summary>
        TargetBlocked,

        /// <summary>The thread was held long enough.</summary>
        BurstSpent,

        /// <summary>The source has ended its direction; all it sent was delivered.</summary>
        SourceEnded,

        SourceBroke,

        TargetBroke,
    }

    /// <inheritdoc/>
    public override async Task<LaneEnd> RunAsync()
    {
        bool atSource = true;
        try
        {
            Step step = Step.SourceDrained;
            while (true)
            {
                atSource = step == Step.SourceDrained;
                switch (step)
                {
                    case Step.SourceDrained when _opening is { Room: 0 }:
                        if (!await _opening.Decision)
                            return LaneEnd.Stopped;
                        continue;
                    case Step.SourceDrained when source.HasUnread:
                        await HoldUnreadAsync();
                        step = Step.TargetBlocked;
                        continue;
                    case Step.SourceDrained:
                        // A receive of no bytes waits for some and takes none.
                        await source.Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, _opening?.Refused ?? default);
                        break;
                    case Step.TargetBlocked:
                        await SendHeldAsync();
                        break;
                    case Step.BurstSpent:
                        await Task.Yield();
                        break;
                    case Step.SourceEnded when source.EndIsReset:
                        return LaneEnd.SourceBroke;
                    case Step.SourceEnded:
                        await target.ShutdownSendAsync();
                        return LaneEnd.Completed;
                    case Step.SourceBroke:
                        return LaneEnd.SourceBroke;
                    case Step.TargetBroke:
                        return LaneEnd.TargetBroke;
                }
                step = Move();
            }
        }
        catch (OperationCanceledException)
        {
            return LaneEnd.Stopped;
        }
        catch (Exception e) when (IsBreak(e))
        {
            return atSource ? LaneEnd.SourceBroke : LaneEnd.TargetBroke;
        }
        finally
        {
            if (_pipe is not null)
                KernelPipePool.Shared.Return(_pipe);
            if (_blocked is not null)
                ArrayPool<byte>.Shared.Return(_blocked);
        }
    }

    /// <summary>Moves what is there, without waiting. The descriptors are held meanwhile, so that no other can get their numbers.</summary>
    private Step Move()
    {
        SafeSocketHandle from = source.Socket.SafeHandle;
        SafeSocketHandle to = target.Socket.SafeHandle;
        bool fromHeld = false;
        bool toHeld = false;
        try
        {
            from.DangerousAddRef(ref fromHeld);
            to.DangerousAddRef(ref toHeld);
            return Move((int)from.DangerousGetHandle(), (int)to.DangerousGetHandle());
        }
        catch (ObjectDisposedException)
        {
            return Step.SourceBroke; // Aborted; who did it knows why.
        }
        finally
        {
            if (toHeld)
                to.DangerousRelease();
            if (fromHeld)
                from.DangerousRelease();
        }
    }

    private Step Move(int from, int to)
    {
        long before = counter.Bytes;
        do
        {
            Step step = MoveOnce(from, to);
            if (step != Step.More)
                return step;
        }
        while (counter.Bytes - before < BurstLength);
        return Step.BurstSpent;
    }

    private Step MoveOnce(int from, int to)
    {
        if (_pipe is null && !_sourceFlows)
            return CopyShort(from, to);
        _pipe ??= KernelPipePool.Shared.TryLease();
        return _pipe is null ? CopyLong(from, to) : Splice(from, to, _pipe);
    }

    private Step Splice(int from, int to, KernelPipe pipe)
    {
        if (pipe.Held == 0)
        {
            int filled = pipe.FillFrom(from);
            if (filled <= 0)
            {
                ReturnPipe(pipe);
                return WhyNothingCame(filled);
            }
            _sourceFlows = filled > ShortLength;
        }

        int sent = pipe.DrainTo(to);
        if (sent < 0)
            return sent == LinuxCalls.WouldBlock ? HoldBack(pipe) : Step.TargetBroke;
        counter.Add(sent);
        if (pipe.Held == 0 && !_sourceFlows)
            ReturnPipe(pipe);
        return Step.More;
    }

    /// <summary>Nothing tells when a target takes a pipe's bytes again, but a send of some of them waits for that.</summary>
    private Step HoldBack(KernelPipe pipe)
    {
        _blocked = ArrayPool<byte>.Shared.Rent(ShortLength);
        int read = pipe.Read(_blocked.AsSpan(0, ShortLength));
        if (pipe.Held == 0)
            ReturnPipe(pipe);
        _blockedLength = Math.Max(0, read);
        return Step.TargetBlocked;
    }

    [SkipLocalsInit]
    private Step CopyShort(int from, int to)
    {
        Span<byte> buffer = stackalloc byte[ShortLength];
        Step step = Copy(from, to, buffer);
        // Until the other end has opened nothing is spliced: the first bytes are kept.
        _sourceFlows = step == Step.More && _opening is null;
        return step;
    }

    private Step CopyLong(int from, int to)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LongLength);
        Step step = Copy(from, to, buffer.AsSpan(0, LongLength));
        ArrayPool<byte>.Shared.Return(buffer);
        return step;
    }

    private Step Copy(int from, int to, Span<byte> buffer)
    {
        if (_opening is not null)
        {
            buffer = buffer[..Math.Min(buffer.Length, _opening.Room)];
            if (buffer.IsEmpty)
                return Step.SourceDrained;
        }
        int received = LinuxCalls.Receive(from, buffer);
        if (received <= 0)
            return WhyNothingCame(received);
        ReadOnlySpan<byte> bytes = buffer[..received];
        Capture(bytes);

        int sent = LinuxCalls.Send(to, bytes);
        if (sent is < 0 and not LinuxCalls.WouldBlock)
            return Step.TargetBroke;
        sent = Math.Max(0, sent);
        counter.Add(sent);
        if (sent < received)
        {
            Hold(bytes[sent..]);
            return Step.TargetBlocked;
        }
        return received < buffer.Length ? Step.SourceDrained : Step.More;
    }

    private static Step WhyNothingCame(int result) => result switch
    {
        0 => Step.SourceEnded,
        LinuxCalls.WouldBlock => Step.SourceDrained,
        _ => Step.SourceBroke,
    };

    private void Capture(ReadOnlySpan<byte> bytes)
    {
        _opening?.Capture(bytes);
        if (_opening is { HasOpened: true })
            _opening = null;
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        _blocked = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(_blocked);
        _blockedLength = bytes.Length;
    }

    /// <summary>Bytes that came with a handshake go first.</summary>
    private async ValueTask HoldUnreadAsync()
    {
        _blocked = ArrayPool<byte>.Shared.Rent(ShortLength);
        _blockedLength = await source.ReceiveAsync(_blocked.AsMemory(0, Math.Min(_blocked.Length, _opening?.Room ?? int.MaxValue)));
        Capture(_blocked.AsSpan(0, _blockedLength));
    }

    private async ValueTask SendHeldAsync()
    {
        for (int sent = 0; sent < _blockedLength;)
        {
            int taken = await target.Socket.SendAsync(_blocked.AsMemory(sent, _blockedLength - sent), SocketFlags.None);
            counter.Add(taken);
            sent += taken;
        }
        ArrayPool<byte>.Shared.Return(_blocked!);
        _blocked = null;
    }

    private void ReturnPipe(KernelPipe pipe)
    {
        KernelPipePool.Shared.Return(pipe);
        _pipe = null;
    }
}
