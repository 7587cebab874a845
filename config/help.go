package config

// explained is what Describe says of a key.
type explained struct {
	text    string // one line
	example string // stands in the example instead of the default, uncommented
}

// sections explains the sections, in one line each.
func sections() map[string]string {
	return map[string]string{
		"broker":          "The NATS server inside, and its store.",
		"log":             "The streams: how long they keep what, and how much.",
		"vault":           "The keys that seal personal data. `crier keys new FILE` writes a new set.",
		"vault.transit":   "A service that encrypts the keys, by HashiCorp Vault's transit API.",
		"index":           "What answers questions of status; derived from the log and built anew when lost.",
		"retention":       "When the content of messages is erased that are done with.",
		"api":             "The HTTP API.",
		"api.tls":         "The certificate of the HTTP API.",
		"oidc":            "The identity provider, whose access tokens are accepted.",
		"policy":          "The rules of delivery.",
		"bridge":          "How deliveries are handed to the providers.",
		"bridge.workers":  "How many deliveries of a lane are in hand at once, for each channel.",
		"providers":       "What stands behind each channel.",
		"providers.email": "The mail relay.",
		"providers.sms":   "The SMS centre.",
		"sandbox":         "The provider that reaches nobody, for development, tests and training.",
		"metrics":         "Metrics in the Prometheus text format.",
		"logging":         "What is written to standard error.",
	}
}

// help is the table of all keys.
func help() map[string]explained {
	return map[string]explained{
		"broker.store":        {"The folder of everything that this node keeps; created if absent.", "/var/lib/crier"},
		"broker.node":         {"The stable name of this node, without '.'.", ""},
		"broker.key":          {"The key that encrypts the store, at least 32 characters.", ""},
		"broker.keyFile":      {"A file outside the store that holds that key.", "/etc/crier/store.key"},
		"broker.encryption":   {`"on", or "off" if the disk may show what it holds.`, ""},
		"broker.cipher":       {`"chacha" or "aes".`, ""},
		"broker.durability":   {`"always": on disk before it is acknowledged; "relaxed": within two minutes.`, ""},
		"broker.maxStore":     {"The most bytes on disk; 0 takes what the disk has.", ""},
		"broker.maxPayload":   {"The largest entry of the log in bytes, at least 1 MiB.", ""},
		"broker.startTimeout": {"How long the start of the server may take, recovery included.", ""},

		"log.messageAge":    {"How long the room's log keeps a message.", ""},
		"log.eventAge":      {"How long events, and with them transaction ids, are kept.", ""},
		"log.auditAge":      {"How long the audit log is kept.", ""},
		"log.duplicates":    {"The window in which JetStream itself knows a transaction again.", ""},
		"log.queueBytes":    {"The most bytes in the queue of each lane.", ""},
		"log.ackWait":       {"How long a job may be held without a sign of life.", ""},
		"log.maxParked":     {"The most deliveries that wait for a later attempt.", ""},
		"log.markerTTL":     {"How long it is remembered that a page has become jobs; longer than any message lives.", ""},
		"log.commitTimeout": {"How long an append is tried.", ""},

		"vault.keysFile":          {"A key file of mode 0600, outside the store.", "/etc/crier/keys.json"},
		"vault.keys":              {"The content of a key file, for environments without files.", ""},
		"vault.transit.url":       {"The base URL of the service, https.", ""},
		"vault.transit.mount":     {`The path of its secrets engine; "transit" if empty.`, ""},
		"vault.transit.key":       {"The name of an AEAD key there.", ""},
		"vault.transit.tokenFile": {"A file that holds the access token, read anew for each call.", ""},

		"index.path":         {"The file; by default index/index.db in the store.", ""},
		"index.batchSize":    {"The most entries of the log that one transaction folds.", ""},
		"index.cacheBytes":   {"The bytes of memory for values at hand.", ""},
		"index.keep":         {"How long a message is known; as long as log.eventAge.", ""},
		"index.gather":       {"How long the fold rests after a small transaction, unless somebody waits for it.", ""},
		"index.transactions": {"The transaction ids expected within index.keep; a little more than a byte of memory each.", ""},
		"index.pause":        {"The wait before reading of the log that failed is tried again.", ""},

		"retention.every":  {"The time between two passes.", ""},
		"retention.settle": {"How long content is kept at least; log.duplicates and five minutes, or longer.", ""},

		"api.listen":              {"The address to listen on, host:port; without host every address.", ""},
		"api.tls.certFile":        {"The certificate with its chain, PEM; read again when it changes.", "/etc/crier/tls.crt"},
		"api.tls.keyFile":         {"Its private key, PEM.", "/etc/crier/tls.key"},
		"api.tls.allowMissingSni": {"Accept handshakes that name no server, such as to an IP address.", ""},
		"api.insecure":            {"Serve HTTP without TLS: what `crier dev` does, and a configuration file may not.", ""},
		"api.maxBody":             {"The most bytes of a request, at most 4 MiB.", ""},
		"api.maxUpload":           {"The most bytes of an upload of subscribers.", ""},
		"api.maxExpiry":           {"How far ahead a message may set its expiry.", ""},
		"api.headerTimeout":       {"The time for the header of a request to arrive.", ""},
		"api.bodyTimeout":         {"The time for a whole request to arrive, or for 500 rows of an upload.", ""},
		"api.answerTimeout":       {"The time from the end of the header to the end of the answer.", ""},
		"api.idleTimeout":         {"How long a connection without request is kept.", ""},
		"api.publishTimeout":      {"The time for a message to become durable.", ""},
		"api.readWait":            {"How long a read of a message that is not known waits for the index.", ""},
		"api.drainTimeout":        {"How long requests may take to finish when the server stops.", ""},
		"api.cancelTimeout":       {"How long they may take after that, when they have been told to give up.", ""},
		"api.problemBase":         {"What stands before the code in the type of a problem.", ""},
		"api.metrics":             {"Serve /metrics here too, without token: whoever reaches the API reads them.", ""},

		"oidc.issuer":             {"The issuer URL, exactly as it stands in the tokens.", "https://id.example.org/realms/gov"},
		"oidc.audience":           {"What must be among the audiences of a token.", ""},
		"oidc.algorithms":         {"The accepted signature algorithms; RS256, ES256 and EdDSA if empty.", ""},
		"oidc.clockSkew":          {"The tolerance for the times in a token; 30s if 0.", ""},
		"oidc.claimPath":          {`The claim whose member "roles" lists platform roles; "crier" if empty.`, ""},
		"oidc.clientClaims":       {"The claims that may name the client, by preference; azp, client_id, sub if empty.", ""},
		"oidc.keyRefreshInterval": {"The least time between two readings of the provider's keys; 10s if 0.", ""},
		"oidc.cacheSize":          {"How many verified tokens are remembered; 10000 if 0, none if below.", ""},
		"oidc.requestTimeout":     {"The time for a request to the provider; 5s if 0.", ""},
		"oidc.caFile":             {"Certificate authorities to trust for the provider instead of the system's, PEM.", ""},
		"oidc.allowHttp":          {"Accept an issuer without TLS on another machine: whoever alters that traffic can forge tokens.", ""},

		"policy.revision":   {"The number of this set of rules; count it up with each change.", ""},
		"policy.retry":      {"The waits after attempts 1, 2, …; the last one repeats.", ""},
		"policy.jitter":     {"The share by which a wait may be longer or shorter, 0 to 1.", ""},
		"policy.expiry":     {"From acceptance until a delivery is given up.", ""},
		"policy.duplicates": {`What becomes of an attempt of unknown outcome: "resend" makes it again.`, ""},

		"bridge.workers.emergency": {"Of the lane emergency.", ""},
		"bridge.workers.normal":    {"Of the lane normal.", ""},
		"bridge.workers.bulk":      {"Of the lane bulk.", ""},
		"bridge.sendTimeout":       {"The time for one call of a provider.", ""},
		"bridge.drainTimeout":      {"How long a stop waits for deliveries in hand.", ""},
		"bridge.maxWaiting":        {"The most jobs of a lane and channel that are put back for a short wait.", ""},
		"bridge.cacheBytes":        {"The bytes of memory for contents of messages.", ""},
		"bridge.reapEvery":         {"The time between two searches for jobs past their deadline.", ""},
		"bridge.reapLimit":         {"How many jobs of a lane one search looks at.", ""},

		"providers.email.kind":                     {`"smtp", "sandbox" or "none".`, "smtp"},
		"providers.email.host":                     {"The name of the relay.", "relay.example.org"},
		"providers.email.port":                     {"Its port; 587, or 465 if tls is implicit.", ""},
		"providers.email.tls":                      {"none, opportunistic, required or implicit; required, on loopback opportunistic.", ""},
		"providers.email.caFile":                   {"Certificate authorities to trust for the relay instead of the system's, PEM.", ""},
		"providers.email.serverName":               {"The name in the relay's certificate, if not host.", ""},
		"providers.email.username":                 {"Who logs in at the relay; nobody if empty.", ""},
		"providers.email.passwordFile":             {"A file of mode 0600 that holds the password.", ""},
		"providers.email.auth":                     {"auto, plain or login; auto if empty.", ""},
		"providers.email.from":                     {"The address of the sender, to which bounces go too.", "noreply@example.org"},
		"providers.email.fromName":                 {"The name shown beside it.", ""},
		"providers.email.replyTo":                  {"The address for answers, if not from.", ""},
		"providers.email.helloName":                {"How the gateway introduces itself; messageIDDomain if empty.", ""},
		"providers.email.messageIDDomain":          {"The right-hand side of each Message-ID; the domain of from if empty.", ""},
		"providers.email.maxConnections":           {"The most connections at once; 8 if 0.", ""},
		"providers.email.maxMessagesPerConnection": {"The most messages over one connection; 100 if 0.", ""},
		"providers.email.idleTimeout":              {"After which an unused connection is closed; 30s if 0.", ""},
		"providers.email.sendTimeout":              {"The time for one delivery; 30s if 0.", ""},
		"providers.sms.kind":                       {`"sandbox" or "none".`, ""},

		"sandbox.keep":     {"How many deliveries are kept to be shown, the latest.", ""},
		"sandbox.url":      {"Where each delivery is posted as JSON instead of being kept.", ""},
		"sandbox.receipts": {`Which channels confirm at once that a delivery arrived: "sms", "all" or "none".`, ""},
		"sandbox.late":     {"How long after sending the receipt of a late recipient comes.", ""},

		"metrics.listen": {"An address of their own, host:port, without TLS; if empty there is none, and only api.metrics shows them.", ""},

		"logging.level":  {"debug, info, warn or error.", ""},
		"logging.format": {"text or json.", ""},
	}
}
