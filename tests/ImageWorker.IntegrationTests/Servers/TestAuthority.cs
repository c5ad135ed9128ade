using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A certificate authority that nobody trusts unless told to, and the certificate of one server by it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const int KeySize = 2048;

    /// <summary>Makes both; the server's certificate is for this one name.</summary>
    public TestAuthority(string host)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = RSA.Create(KeySize);
        var authority = Request("CN=tests", authorityKey);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Certificate = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        CertificatePem = Certificate.ExportCertificatePem();

        using var serverKey = RSA.Create(KeySize);
        var server = Request($"CN={host}", serverKey);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        server.CertificateExtensions.Add(names.Build());
        using var certificate = server.Create(Certificate, now.AddDays(-1), now.AddHours(12), [1]);
        Host = host;
        ServerPem = certificate.ExportCertificatePem();
        ServerKeyPem = serverKey.ExportPkcs8PrivateKeyPem();
    }

    public string Host { get; }

    public X509Certificate2 Certificate { get; }

    public string CertificatePem { get; }

    public string ServerPem { get; }

    public string ServerKeyPem { get; }

    public void Dispose() => Certificate.Dispose();

    private static CertificateRequest Request(string subject, RSA key) =>
        new(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
}
