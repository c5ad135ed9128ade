using System.Text.Json.Nodes;
using ImageWorker.Storage;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

public sealed class KubernetesTests
{
    private const string Base = "deploy/kubernetes/base";

    private static readonly List<object> Objects =
    [
        .. Resources(Base)
            .Append($"{Base}/secret.example.yaml")
            // Strict: a field that the type does not have is an error.
            .SelectMany(file => KubernetesYaml.LoadAllFromString(Read(file), strict: true)),
    ];

    private static readonly V1Deployment Deployment = Objects.OfType<V1Deployment>().Single();
    private static readonly V1Job Migration = Objects.OfType<V1Job>().Single();

    public static TheoryData<string> PodsOf { get; } = [nameof(V1Deployment), nameof(V1Job)];

    [Fact]
    public void Every_file_is_of_a_known_kind_and_in_the_kustomization()
    {
        Assert.Equal(Resources(Base).Count() + 1, Objects.Count);
        Assert.Equal(
            Directory
                .EnumerateFiles(At(Base), "*.yaml")
                .Select(file => Path.GetFileName(file))
                .Except(["kustomization.yaml", "secret.example.yaml"], StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
            Resources(Base).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(PodsOf))]
    public void A_pod_runs_without_rights_and_writes_only_to_a_small_memory(string kind)
    {
        var pod = Pod(kind);
        var container = Assert.Single(pod.Containers);

        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
        Assert.True(container.Resources.Limits.ContainsKey("memory"));
        Assert.True(container.Resources.Requests.ContainsKey("cpu"));
        Assert.Equal("Memory", pod.Volumes.Single(volume => volume.EmptyDir is not null).EmptyDir.Medium);
    }

    [Theory]
    [MemberData(nameof(PodsOf))]
    public void Secrets_are_files_that_the_pods_user_can_read(string kind)
    {
        var pod = Pod(kind);
        var mounted = pod.Containers[0].VolumeMounts.Single(mount => mount.Name == "secrets");
        var secret = pod.Volumes.Single(volume => volume.Name == "secrets").Secret;
        var files = Objects.OfType<V1Secret>().Single();
        var settings = Assignments($"{Base}/settings.env");

        Assert.Equal(settings["SecretsFolder"], mounted.MountPath);
        Assert.Equal(files.Metadata.Name, secret.SecretName);
        Assert.Equal(Convert.ToInt32("0440", 8), secret.DefaultMode);
        Assert.NotNull(pod.SecurityContext.FsGroup);
        Assert.Equal("imageworker", Assert.Single(pod.Containers[0].EnvFrom).ConfigMapRef.Name);
        Assert.All(
            settings.Where(setting => setting.Key.EndsWith("File", StringComparison.Ordinal)),
            setting => Assert.True(files.StringData.ContainsKey(Path.GetRelativePath(mounted.MountPath, setting.Value)))
        );
    }

    [Fact]
    public void Probes_ask_what_the_worker_answers_and_a_stop_outlasts_a_paid_call()
    {
        var worker = Deployment.Spec.Template.Spec.Containers[0];

        Assert.Equal("/health/live", worker.LivenessProbe.HttpGet.Path);
        Assert.Equal("/health/live", worker.StartupProbe.HttpGet.Path);
        Assert.Equal("/health/ready", worker.ReadinessProbe.HttpGet.Path);
        Assert.Equal("http", Assert.Single(worker.Ports).Name);
        Assert.True(
            TimeSpan.FromSeconds(Deployment.Spec.Template.Spec.TerminationGracePeriodSeconds!.Value)
                > new ImageWorker.Zpk.ZpkOptions().GenerateTimeout + TimeSpan.FromSeconds(15)
        );
    }

    [Fact]
    public void Service_budget_and_deployment_mean_the_same_pods()
    {
        var labels = Deployment.Spec.Template.Metadata.Labels;

        Assert.Equal(labels, Deployment.Spec.Selector.MatchLabels);
        Assert.Equal(labels, Objects.OfType<V1Service>().Single().Spec.Selector);
        Assert.Equal(labels, Objects.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels);
        Assert.NotEqual(labels, Migration.Spec.Template.Metadata.Labels);
        Assert.Equal(["migrate"], Migration.Spec.Template.Spec.Containers[0].Args);
    }

    [Fact]
    public void The_Prometheus_operator_scrapes_the_workers_under_the_name_that_the_alerts_know()
    {
        var monitor = Yaml("deploy/kubernetes/prometheus-operator/podmonitor.yaml")["spec"]!;
        var labels = Deployment.Spec.Template.Metadata.Labels.ToDictionary(StringComparer.Ordinal);
        foreach (var pair in Yaml($"{Base}/kustomization.yaml")["labels"]![0]!["pairs"]!.AsObject())
            labels[pair.Key] = Text(pair.Value);
        var endpoint = Assert.Single(monitor["podMetricsEndpoints"]!.AsArray())!;
        var credentials = endpoint["authorization"]!["credentials"]!;
        var secret = Objects.OfType<V1Secret>().Single();

        Assert.Contains(
            $"up{{job=\"{labels[Text(monitor["jobLabel"])]}\"}}",
            Text(Monitoring.Rules.Single(rule => Text(rule["alert"]) == "ImageWorkerDown")["expr"]),
            StringComparison.Ordinal
        );
        Assert.All(
            monitor["selector"]!["matchLabels"]!.AsObject(),
            label => Assert.Equal(labels[label.Key], Text(label.Value))
        );
        Assert.Equal(Assert.Single(Deployment.Spec.Template.Spec.Containers[0].Ports).Name, Text(endpoint["port"]));
        Assert.Equal(secret.Metadata.Name, Text(credentials["name"]));
        Assert.True(secret.StringData.ContainsKey(Text(credentials["key"])));
    }

    [Fact]
    public void Argo_CD_migrates_before_it_starts_workers_and_makes_the_job_anew()
    {
        const string Argo = "argocd.argoproj.io";
        var migration = Migration.Metadata.Annotations;

        Assert.Equal("Sync", migration[$"{Argo}/hook"]);
        Assert.Equal("BeforeHookCreation", migration[$"{Argo}/hook-delete-policy"]);
        Assert.True(Wave(migration) > 0);
        Assert.True(Wave(Deployment.Metadata.Annotations) > Wave(migration));

        static int Wave(IDictionary<string, string> annotations) => int.Parse(annotations[$"{Argo}/sync-wave"]);
    }

    [Fact]
    public void In_the_example_migrate_alone_has_the_right_to_change_tables()
    {
        var kustomization = Yaml("deploy/kubernetes/example/kustomization.yaml");
        var patch = KubernetesYaml
            .LoadAllFromString(Read("deploy/kubernetes/example/migrate-secret.yaml"), strict: true)
            .OfType<V1Job>()
            .Single();
        var volume = Assert.Single(patch.Spec.Template.Spec.Volumes);
        var patched = Migration.Spec.Template.Spec.Volumes.Single(other => other.Name == volume.Name).Secret;

        Assert.Equal("migrate-secret.yaml", Text(Assert.Single(kustomization["patches"]!.AsArray())!["path"]));
        Assert.Equal(Migration.Metadata.Name, patch.Metadata.Name);
        Assert.NotEqual(patched.SecretName, volume.Secret.SecretName, StringComparer.Ordinal);
        Assert.Equal(patched.DefaultMode, volume.Secret.DefaultMode);
    }

    [Fact]
    public void Keda_scales_the_deployment_on_what_waits_in_the_database_and_never_to_nothing()
    {
        var scaling = YamlDocuments("deploy/kubernetes/keda/scaledobject.yaml");
        var access = scaling.Single(node => Text(node["kind"]) == "TriggerAuthentication");
        var scaled = scaling.Single(node => Text(node["kind"]) == "ScaledObject")["spec"]!;
        var trigger = scaled["triggers"]![0]!;

        Assert.Equal(Deployment.Metadata.Name, Text(scaled["scaleTargetRef"]!["name"]));
        Assert.True(int.Parse(Text(scaled["minReplicaCount"])) >= 1);
        Assert.Equal(
            $"SELECT count(*) FROM requests WHERE {WaitingRequests.Condition}",
            Text(trigger["metadata"]!["query"])
        );
        Assert.All(
            trigger["metadata"]!.AsObject(),
            entry => Assert.Equal(System.Text.Json.JsonValueKind.String, entry.Value!.GetValueKind())
        );
        Assert.Equal(Text(access["metadata"]!["name"]), Text(trigger["authenticationRef"]!["name"]));
        var secret = Assert.Single(YamlDocuments("deploy/kubernetes/keda/secret.example.yaml"));
        var from = access["spec"]!["secretTargetRef"]![0]!;
        Assert.Equal(Text(secret["metadata"]!["name"]), Text(from["name"]));
        Assert.NotNull(secret["stringData"]![Text(from["key"])]);
    }

    [Theory]
    [InlineData("deploy/kubernetes/base")]
    [InlineData("deploy/kubernetes/keda")]
    [InlineData("deploy/kubernetes/prometheus-operator")]
    [InlineData("deploy/kubernetes/example")]
    [InlineData("deploy/monitoring")]
    public void A_kustomization_names_only_files_that_are_there(string folder)
    {
        var kustomization = Yaml($"{folder}/kustomization.yaml");
        var generated = (kustomization["configMapGenerator"] as JsonArray ?? []).SelectMany(map =>
            Texts(map!["files"]).Select(file => file.Split('=')[^1]).Concat(Texts(map["envs"]))
        );

        Assert.All(
            Texts(kustomization["resources"])
                .Concat(Texts(kustomization["components"]))
                .Concat((kustomization["patches"] as JsonArray ?? []).Select(patch => Text(patch!["path"])))
                .Where(path => path.Length > 0)
                .Concat(generated),
            path => Assert.True(Path.Exists(Path.Combine(At(folder), path)), path)
        );
    }

    private static V1PodSpec Pod(string kind) =>
        (kind == nameof(V1Job) ? Migration.Spec.Template : Deployment.Spec.Template).Spec;

    private static IEnumerable<string> Resources(string folder) =>
        Texts(Yaml($"{folder}/kustomization.yaml")["resources"]).Select(file => $"{folder}/{file}");
}
