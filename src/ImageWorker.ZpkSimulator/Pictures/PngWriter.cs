using System.Buffers.Binary;
using System.IO.Compression;

namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary>Paints the palette indices of one row.</summary>
internal delegate void RowPainter(int y, Span<byte> row);

/// <summary>
/// Writes a palette PNG row by row (PNG specification, colour type 3, 8 bits, no filter), so that a picture never
/// exists in memory but in its compressed form.
/// </summary>
internal static class PngWriter
{
    private const int PaletteColorType = 3;
    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>Writes the whole file; the palette has red, green and blue for each index.</summary>
    /// <returns>A stream at its beginning.</returns>
    public static MemoryStream Write(int width, int height, ReadOnlySpan<byte> palette, RowPainter paint)
    {
        var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = PaletteColorType;
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "PLTE"u8, palette);
        using (var data = Compress(width, height, paint))
            WriteChunk(png, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        WriteChunk(png, "IEND"u8, []);
        png.Position = 0;
        return png;
    }

    private static MemoryStream Compress(int width, int height, RowPainter paint)
    {
        var data = new MemoryStream();
        using var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true);
        // The byte before each row names its filter; 0 is none.
        var row = new byte[width + 1];
        for (var y = 0; y < height; y++)
        {
            paint(y, row.AsSpan(1));
            zlib.Write(row);
        }

        return data;
    }

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        png.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (var value in data)
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        const uint reversedPolynomial = 0xEDB88320;
        var table = new uint[256];
        for (var index = 0u; index < table.Length; index++)
        {
            var crc = index;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? reversedPolynomial ^ (crc >> 1) : crc >> 1;
            table[index] = crc;
        }

        return table;
    }
}
