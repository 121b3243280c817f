package client

// VisitRequests is how many requests a visit takes by itself: the portal's page sends them when it is opened, static files aside, and each
// of them takes a turn.
const VisitRequests = 2

// SmallPage is how many products the answer has that tells a total: the page's own default, so it is honoured for sure.
const SmallPage = 10

// ListingRequests is how many requests a visit takes that lists so many products, [ListByAPI] or [ListByWalk], when it is whole at
// the first try.
func ListingRequests(listing string, total int) int {
	if listing != ListByWalk {
		return VisitRequests + pagesOf(total, DefaultPageSize)
	}
	// The total before and after, the table, its size where there is a choice, and a click for each further page.
	requests := VisitRequests + 2 + 1 + pagesOf(total, walkSize) - 1
	if total > SmallPage {
		requests++
	}
	return requests
}

// pagesOf is how many pages a listing has: an empty one is a page, too.
func pagesOf(rows, size int) int { return max(1, (rows+size-1)/size) }
