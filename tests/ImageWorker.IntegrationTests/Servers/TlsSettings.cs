namespace ImageWorker.IntegrationTests.Servers;

/// <summary>What has RabbitMQ take TLS alone: its own settings, and the files that they name.</summary>
internal static class TlsSettings
{
    public static string For(string listener, string folder) =>
        $"""
            listeners.tcp = none
            listeners.ssl.1 = {listener}
            ssl_options.cacertfile = {folder}/authority.pem
            ssl_options.certfile = {folder}/server.pem
            ssl_options.keyfile = {folder}/server.key

            """;

    public static IEnumerable<(string Name, string Text)> Files(this TestAuthority authority) =>
        [
            ("authority.pem", authority.CertificatePem),
            ("server.pem", authority.ServerPem),
            ("server.key", authority.ServerKeyPem),
        ];
}
