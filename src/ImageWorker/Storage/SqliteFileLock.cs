using ImageWorker.Hosting;
using Microsoft.Data.Sqlite;

namespace ImageWorker.Storage;

/// <summary>
/// Keeps a second worker away from the embedded file. The lock is a transaction on a tiny database beside the file: it
/// ends with its process, in whatever way, and the others can still read who has it.
/// </summary>
public sealed class SqliteFileLock : IDisposable
{
    private const int Busy = 5;
    private const int Full = 13;

    private readonly SqliteConnection _connection;

    private SqliteFileLock(SqliteConnection connection) => _connection = connection;

    /// <summary>Takes the file for this process, until the result is disposed.</summary>
    /// <exception cref="ConfigurationException">Another process has it.</exception>
    public static SqliteFileLock Take(string file)
    {
        // No journal: it would be one more file. The timeout is the shortest; 0 would wait for ever.
        var connection = new SqliteConnection($"Data Source={file}.lock;Pooling=False;Default Timeout=1");
        try
        {
            connection.Open();
            Execute("PRAGMA journal_mode = MEMORY");
            NoteOwner();
            Execute("BEGIN IMMEDIATE");
            return new(connection);
        }
        catch (SqliteException taken) when (taken.SqliteErrorCode == Busy)
        {
            using (connection)
                throw new ConfigurationException(
                    $"{Path.GetFullPath(file)} belongs to the worker with the process id {Execute("PRAGMA user_version")}. "
                        + "Stop that one first, or run this one in another folder. "
                        + "'ImageWorker send' and 'ImageWorker requests' work beside it."
                );
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        void NoteOwner()
        {
            try
            {
                Execute($"PRAGMA user_version = {Environment.ProcessId}");
            }
            catch (SqliteException full) when (full.SqliteErrorCode == Full)
            {
                // The lock itself needs no room.
            }
        }

        object? Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return command.ExecuteScalar();
        }
    }

    public void Dispose() => _connection.Dispose();
}
