package main

import (
	"net"
	"strconv"

	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

// clusterName is written into the database; another name would be another cluster.
const clusterName = "active"

const loopback = "127.0.0.1"

// grpcAddress is where this machine reaches the frontend.
func (o options) grpcAddress(p ports) string { return address(reachable(o.ip), p.grpc) }

// uiURL is where this machine reaches the Web UI; empty if there is none.
func (o options) uiURL(p ports) string {
	if o.headless {
		return ""
	}
	return "http://" + address(reachable(o.ip), p.ui)
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// reachable turns "every address of this machine" into one that can be dialled.
func reachable(ip string) string {
	if net.ParseIP(ip).IsUnspecified() {
		return loopback
	}
	return ip
}

// serverConfig describes a cluster of one process. There is no global namespace, no archival, no metrics port and no
// profiling port.
func serverConfig(o options, p ports) *config.Config {
	frontend := o.grpcAddress(p)
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: 1, // one file has one writer; it cannot be changed later
			DataStores:       map[string]config.DataStore{sqlite.PluginName: {SQL: sqlConfig(o.db, "wal")}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		Services: map[string]config.Service{
			string(primitives.FrontendService): {RPC: config.RPC{GRPCPort: p.grpc, BindOnIP: o.ip}},
			string(primitives.HistoryService):  internal(p.history),
			string(primitives.MatchingService): internal(p.matching),
			string(primitives.WorkerService):   internal(p.worker),
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

// internal is a service that only this process talks to. Its address is also its name among the static hosts.
func internal(port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
}

// hosts replaces cluster membership: every service is here, for ever.
func hosts(o options, p ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(o.grpcAddress(p)),
		primitives.HistoryService:  static.SingleLocalHost(address(loopback, p.history)),
		primitives.MatchingService: static.SingleLocalHost(address(loopback, p.matching)),
		primitives.WorkerService:   static.SingleLocalHost(address(loopback, p.worker)),
	}
}

// uiServerConfig describes the Web UI: everything from this process, nothing from the internet.
func uiServerConfig(o options, p ports) *uiconfig.Config {
	return &uiconfig.Config{
		TemporalGRPCAddress: o.grpcAddress(p),
		Host:                o.ip,
		Port:                p.ui,
		EnableUI:            true,
		DefaultNamespace:    o.namespace,
		DisableNewsFetch:    true,
		NotifyOnNewVersion:  false,
		HideLogs:            true,
		CORS: uiconfig.CORS{
			AllowOrigins:   []string{o.uiURL(p), "http://localhost:" + strconv.Itoa(p.ui)},
			CookieInsecure: true, // it is served over plain HTTP
		},
	}
}
