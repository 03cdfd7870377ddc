package page

import "net/http"

// loginForm is what the login page shows.
type loginForm struct {
	Next  string
	Wrong bool
}

// LoginForm asks for the token. next is where to go afterwards.
func (p *Pages) LoginForm(next func(text string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.login(w, loginForm{Next: next(r.URL.Query().Get("next"))}, http.StatusOK)
	})
}

// LoggedIn leads on after a login that went well, and else asks again.
func (p *Pages) LoggedIn(next func(text string) string) func(w http.ResponseWriter, r *http.Request, ok bool) {
	return func(w http.ResponseWriter, r *http.Request, ok bool) {
		to := next(r.PostFormValue("next"))
		if ok {
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		p.login(w, loginForm{Next: to, Wrong: true}, http.StatusForbidden)
	}
}

// login shows strangers nothing but the form.
func (p *Pages) login(w http.ResponseWriter, form loginForm, status int) {
	write(w, status, &frame{Title: "Log in", Template: "login", Main: form})
}
