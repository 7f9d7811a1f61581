package cmd

// lookFlags are the colours of a tenant's pages.
type lookFlags struct {
	BrandColor      *string `placeholder:"#RRGGBB" help:"Colour of the buttons on its pages. --brand-color= for the platform's."`
	BackgroundColor *string `placeholder:"#RRGGBB" help:"Colour behind its pages. --background-color= for the platform's."`
}

// change adds the given flags to a merge patch.
func (f *lookFlags) change(p change) {
	p.text("brand_color", f.BrandColor)
	p.text("background_color", f.BackgroundColor)
}
