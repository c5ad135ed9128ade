using ImageWorker.Hosting;
using Microsoft.Extensions.Configuration;

namespace ImageWorker.Tests.Hosting;

public sealed class ConnectionsTests
{
    private const string RabbitMq = "amqp://user:pa55word@host:5672/vhost";
    private const string Postgres = "Host=h;Database=d;Username=u;Password=pa55word";

    [Fact]
    public void Both_are_taken_as_they_are()
    {
        var connections = Connections.From(Settings(RabbitMq, Postgres));

        Assert.Equal((RabbitMq, Postgres, false), (connections.RabbitMq, connections.Postgres, connections.IsEmbedded));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void With_neither_the_worker_is_embedded(string? nothing)
    {
        var connections = Connections.From(Settings(nothing, nothing));

        Assert.Equal((null, null, true), (connections.RabbitMq, connections.Postgres, connections.IsEmbedded));
    }

    [Theory]
    [InlineData(RabbitMq, null, "ConnectionStrings:RabbitMq is set", "Set ConnectionStrings__Postgres too")]
    [InlineData(null, Postgres, "ConnectionStrings:Postgres is set", "Set ConnectionStrings__RabbitMq too")]
    [InlineData("", Postgres, "ConnectionStrings:Postgres is set", "Set ConnectionStrings__RabbitMq too")]
    public void One_of_the_two_names_the_other(string? rabbitMq, string? postgres, string set, string advice)
    {
        var message = Mistake(rabbitMq, postgres);

        Assert.Contains(set, message, StringComparison.Ordinal);
        Assert.Contains(advice, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://user:pa55word@host", Postgres, "ConnectionStrings:RabbitMq")]
    [InlineData("host=h;password=pa55word", Postgres, "ConnectionStrings:RabbitMq")]
    [InlineData(RabbitMq, "postgres://u:pa55word@h/d", "ConnectionStrings:Postgres")]
    [InlineData(RabbitMq, "Database=d;Password=pa55word", "ConnectionStrings:Postgres")]
    [InlineData(RabbitMq, "Host=h;Paswort=pa55word", "ConnectionStrings:Postgres")]
    public void A_wrong_one_is_named_in_one_line(string rabbitMq, string postgres, string names)
    {
        var message = Mistake(rabbitMq, postgres);

        Assert.Contains(names, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void No_password_is_printed()
    {
        Assert.DoesNotContain("pa55", $"{new Connections(RabbitMq, Postgres)}", StringComparison.Ordinal);
        Assert.Equal("embedded", new Connections(null, null).ToString());
    }

    [Fact]
    public void A_publisher_needs_the_broker_alone()
    {
        Assert.Equal(RabbitMq, Connections.RabbitMqFrom(Settings(RabbitMq, null)));
        var missing = Assert.Throws<ConfigurationException>(() => Connections.RabbitMqFrom(Settings(null, null)));
        Assert.Contains("ConnectionStrings__RabbitMq", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_looks_or_migrates_needs_the_database_alone()
    {
        Assert.Equal(Postgres, Connections.PostgresFrom(Settings(null, Postgres)));
        Assert.Null(Connections.PostgresFrom(Settings(null, null)));
        var missing = Assert.Throws<ConfigurationException>(() => Connections.PostgresFrom(Settings(RabbitMq, null)));
        Assert.Contains("ConnectionStrings__Postgres", missing.Message, StringComparison.Ordinal);
    }

    private static string Mistake(string? rabbitMq, string? postgres)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Connections.From(Settings(rabbitMq, postgres)));
        Assert.DoesNotContain("pa55", mistake.ToString(), StringComparison.Ordinal);
        return mistake.Message;
    }

    private static IConfiguration Settings(string? rabbitMq, string? postgres) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["ConnectionStrings:RabbitMq"] = rabbitMq,
                    ["ConnectionStrings:Postgres"] = postgres,
                }
            )
            .Build();
}
