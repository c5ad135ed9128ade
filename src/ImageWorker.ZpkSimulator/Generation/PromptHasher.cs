using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>A number for a prompt, the same in every process: it names the prompt in the ledger and seeds its pictures.</summary>
internal static class PromptHasher
{
    public static ulong Hash(string prompt)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(prompt.AsSpan()), digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }
}
