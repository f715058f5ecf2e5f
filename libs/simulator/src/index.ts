export { SimulatedApi } from './api/simulated-api.ts';
export type { SimulatedApiOptions } from './api/simulated-api.ts';
export { ClusterStore } from './api/storage/cluster-store.ts';
export type { ListFilter } from './api/storage/cluster-store.ts';
export type { ConversionResolver } from './api/crd/conversion.ts';
export type { WebhookService } from './api/crd/crd-definition.ts';
export { computeBudget, isPodReady } from './api/storage/eviction-budget.ts';
export type { Budget } from './api/storage/eviction-budget.ts';
export { AdmissionWebhooks, behave } from './api/admission/admission-webhooks.ts';
export type {
  AdmissionHandler,
  AdmissionRequest,
  AdmissionResponse,
  WebhookBehaviour,
  WebhookRule,
} from './api/admission/admission-webhooks.ts';
export type { AdmissionOperation } from './api/admission/webhook-rules.ts';
export { connectionReset, Faults } from './api/http/faults.ts';
export type { AfterRequest, AuditEntry, BeforeRequest } from './api/http/faults.ts';
export { kubeconfig } from './api/http/kubeconfig.ts';
export type { KubeconfigInput } from './api/http/kubeconfig.ts';
export { StatusError } from './api/http/status.ts';
export type { Status, StatusCause, StatusDetails } from './api/http/status.ts';
export { API_AUDIENCES } from './api/auth/tokens.ts';
export type { TokenRequest } from './api/auth/tokens.ts';
export type { Identity, KubeObject, ObjectInput, ObjectMeta, ObjectRef, RequestInfo, ResourceRef, WatchEvent } from './api/types.ts';
export { serveHttps } from './api/http/serve-https.ts';
export type { HttpsServer, ServeHttpsOptions } from './api/http/serve-https.ts';
export { createCertificateAuthority } from './tls/certificate-authority.ts';
export type { CertificateAuthority, IssuedCertificate, IssueOptions } from './tls/certificate-authority.ts';
// Hosts and the world around them.
export { DEFAULT_HOST_TIMINGS, SimulatedHost } from './host/simulated-host.ts';
export type { HostEvent, HostTimings, SimulatedHostOptions } from './host/simulated-host.ts';
export type { HostAdmin, AdminResult } from './host/host-admin.ts';
export type { HostFaults, Times } from './host/host-faults.ts';
export { serveUnix } from './host/serve-unix.ts';
export type { UnixServer } from './host/serve-unix.ts';
export type { CommandResult, UpdateCommand, UpdateState, UpdateStatusFile } from './host/update-status.ts';
export type { UpdateRepository } from './host/versions.ts';
export { SimulatedCluster } from './world/simulated-cluster.ts';
export type { AuditRecord, ClusterApi, SimulatedClusterOptions } from './world/simulated-cluster.ts';
export { SimulatedNodes } from './world/simulated-nodes.ts';
export type { SimulatedNodesOptions } from './world/simulated-nodes.ts';
export type { NodeAddresses } from './world/kubelet.ts';
export { WorldStore } from './world/world-store.ts';
export type { StoreAccess } from './world/world-store.ts';
export { DEFAULT_CLUSTER_TIMINGS } from './world/timings.ts';
export type { ClusterTimings } from './world/timings.ts';
export type { NodeOptions } from './world/node-object.ts';
export type { NodeObject, Place, PodObject } from './world/objects.ts';
export { RUN_CONTAINER } from './world/pod-runner.ts';
export type { PodContext, PodRunner, RunningPod } from './world/pod-runner.ts';
export { sampleWorkloads } from './world/sample-workloads.ts';
export type { SampleWorkloadOptions } from './world/sample-workloads.ts';
export type { DrainStatistics, EvictionRecord } from './world/drain-statistics.ts';
export type { WorldEvent } from './world/world-events.ts';
export { faultNamed, FAULTS } from './world/faults.ts';
export type { AppliedFault, Fault, FaultOptions } from './world/fault.ts';
// The operator's pods as processes of this machine.
export { ProcessRunner } from './process/process-runner.ts';
export type { ProcessRunnerOptions } from './process/process-runner.ts';
export { startSimulation } from './process/simulation.ts';
export type { Simulation, SimulationOptions } from './process/simulation.ts';
export { freePort, serveService } from './process/service-proxy.ts';
export type { Endpoint, ServiceProxy } from './process/service-proxy.ts';
