package cmd

// refreshFlags bound refresh tokens.
type refreshFlags struct {
	Idle  *wholeSeconds `name:"refresh-token-idle-lifetime" placeholder:"SECONDS" help:"How long a refresh token waits for its use. 0: not set here."`
	Total *wholeSeconds `name:"refresh-token-lifetime" placeholder:"SECONDS" help:"How long refresh tokens follow one another. 0: not set here."`
	Grace *wholeSeconds `name:"refresh-token-grace" placeholder:"SECONDS" help:"How long a used refresh token is answered with its successor again. 0: not set here."`
}

func (f refreshFlags) change(p change) {
	p.seconds("refresh_token_idle_lifetime", f.Idle)
	p.seconds("refresh_token_lifetime", f.Total)
	p.seconds("refresh_token_grace", f.Grace)
}
