using ImageWorker.Hosting;

namespace ImageWorker.Tests.Hosting;

public sealed class TransportSecurityTests
{
    private const string Local = "Host=127.0.0.1;Database=x";

    [Theory]
    [InlineData("amqp://worker:hunter2@rabbit.example/", Local, "rabbit.example")]
    [InlineData("amqp://127.0.0.1/", "Host=db.example;Password=hunter2", "db.example")]
    [InlineData("amqp://127.0.0.1/", "Host=db.example;SSL Mode=Require;Password=hunter2", "db.example")]
    [InlineData("amqp://127.0.0.1/", "Host=localhost,db.example;Password=hunter2", "db.example")]
    public void A_connection_that_is_not_verified_is_named_without_its_secrets(string rabbit, string db, string named)
    {
        var warning = Assert.Single(new Connections(rabbit, db).Warnings());

        Assert.Contains(named, warning, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amqps://rabbit.example/", "Host=db.example;SSL Mode=VerifyFull")]
    [InlineData("amqp://localhost:5672/", "Host=localhost:5433")]
    [InlineData("amqp://[::1]/", "Host=/run/postgresql")]
    [InlineData(null, null)]
    public void One_that_is_verified_or_stays_on_this_machine_is_not(string? rabbit, string? db) =>
        Assert.Empty(new Connections(rabbit, db).Warnings());
}
