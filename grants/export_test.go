package grants

// What the tests of this package see more than others.
var (
	Source       = source
	ByAddress    = byAddress
	ReadDecision = readDecision
	ReadRefusal  = readRefusal
)

const MaxRemoteClaims = maxRemoteClaims

func NewVisit(cookie string) *Visit { return &Visit{cookie: cookie} }

var (
	Prove  = (*Visit).proof
	Proves = (*Visit).proves
)
